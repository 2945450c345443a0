#include "profiler/report_html.h"

#include <doctest/doctest.h>

#include <sstream>

#include "core/error.h"
#include "profiler/page_bundle.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

bool has_page() { return page_bundle().missing.empty(); }

/// The document in the page, as the page's script reads it.
Json document_of(const std::string& html) {
  const std::string before = "id=\"document\">";
  const std::size_t from = html.find(before) + before.size();
  return Json::parse(html.substr(from, html.find("</script>", from) - from));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST_CASE("a page holds its document, and nothing that needs a network") {
  if (!has_page()) return;
  const Simulated simulated;
  const Json document = report_json(simulated.report());
  const std::string html = html_text(document);
  CHECK(document_of(html) == document);
  CHECK(html.starts_with("<!doctype html>\n"));
  CHECK(html.ends_with("</html>\n"));
  CHECK(html == html_text(document));
  for (const char* outside : {"<link", "src=\"", "@import", "url(http"})
    CHECK(html.find(outside) == std::string::npos);
  CHECK(html.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("a name cannot end the document or begin a comment in it") {
  if (!has_page()) return;
  const Json document = {{"model", "</script><!--<script>"}, {"chip", "a\"b\\c"}};
  const std::string html = html_text(document);
  CHECK(document_of(html) == document);
  CHECK(count(html, "</script>") == 2);
}

TEST_CASE("bytes that are no UTF-8 are replaced in a page") {
  if (!has_page()) return;
  CHECK(document_of(html_text({{"model", "a\xff"}}))["model"] == "a\xEF\xBF\xBD");
}

TEST_CASE("a presil without its page says what is missing") {
  if (has_page()) {
    CHECK_NOTHROW(require_page());
    return;
  }
  std::ostringstream out;
  CHECK_THROWS_WITH_AS(write_html(out, Json::object()), doctest::Contains("without the page"),
                       Error);
  CHECK(out.str().empty());
}

}  // namespace
}  // namespace presil
