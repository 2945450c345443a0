#include "profiler/report_html.h"

#include <sstream>

#include "core/error.h"
#include "profiler/page_bundle.h"

namespace presil {

namespace {

// The page may load nothing at all: it works from a disk, and shows names of strangers' files.
constexpr const char* kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<title>presil</title>
<style>
)";
constexpr const char* kBody = R"(</style>
</head>
<body>
<div id="page"></div>
<noscript>This report draws itself with JavaScript, which is off in this browser.</noscript>
<script type="application/json" id="document">)";

/// JSON that cannot end the script element it stands in: '<' occurs in strings only.
std::string embedded(const Json& document) {
  const std::string text = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

void require_page() {
  if (const PageBundle page = page_bundle(); !page.missing.empty())
    throw Error(
        "this presil was built without the page of its HTML reports: {}; run "
        "scripts/install_dependencies.sh (Debian packages nodejs and npm), configure and build "
        "again; --json has the same numbers",
        page.missing);
}

void write_html(std::ostream& out, const Json& document) {
  require_page();
  const PageBundle page = page_bundle();
  out << kHead << page.style << kBody << embedded(document) << "</script>\n<script>\n"
      << page.script << "</script>\n</body>\n</html>\n";
}

std::string html_text(const Json& document) {
  std::ostringstream out;
  write_html(out, document);
  return std::move(out).str();
}

}  // namespace presil
