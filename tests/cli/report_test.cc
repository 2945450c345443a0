#include <fmt/format.h>

#include "profiler/page_bundle.h"
#include "tests/cli/command_line.h"

namespace presil {
namespace {

Outcome tiny(const std::string& arguments) {
  return presil_run(fmt::format("simulate {} --chip ne-base {}",
                                PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml", arguments));
}

bool has_page() { return page_bundle().missing.empty(); }

TEST_CASE("--report writes a page beside the table") {
  if (!has_page()) return;
  const ScratchFolder folder;
  const Outcome outcome = tiny("--report " + (folder / "a.html"));
  CHECK(outcome.code == 0);
  CHECK(outcome.has("# group"));
  const std::string html = folder.read("a.html");
  CHECK(html.starts_with("<!doctype html>"));
  CHECK(html.find("tiny_cnn.yaml") != std::string::npos);
  CHECK(tiny("--json - --report " + (folder / "b.html")).text.starts_with("{"));
  CHECK(folder.read("b.html") == html);
}

TEST_CASE("a report that cannot be written is known before the run") {
  CHECK(tiny("--report -").has("--report writes a page to look at: name a file"));
  CHECK(tiny("--chip ne-nano --report a.html").is_user_error());
  if (!has_page()) {
    const Outcome outcome = tiny("--report a.html");
    CHECK(outcome.is_user_error());
    CHECK(outcome.has("this presil was built without the page of its HTML reports"));
    CHECK(outcome.has("scripts/install_dependencies.sh"));
    return;
  }
  CHECK(tiny("--chip ne-nano --report a.html").has("--report is for one model on one chip"));
  const Outcome folder = tiny("--report no/dir/a.html");
  CHECK(folder.is_user_error());
  CHECK(folder.has("no/dir/a.html: cannot be written: No such file or directory"));
  const Outcome full = tiny("--report /dev/full");
  CHECK(full.code == 2);
  CHECK(full.has("/dev/full: cannot be written: "));
}

}  // namespace
}  // namespace presil
