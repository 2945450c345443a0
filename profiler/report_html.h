#pragma once
// A document of presil as one HTML file that needs no network (docs/profiling.md, "The report
// page"). What it shows depends on the document's `kind`: "run" (none: a run), "diff" or "sweep".

#include <ostream>
#include <string>

#include "profiler/report_json.h"

namespace presil {

/// Throws Error, naming what is missing, if this presil was built without its page. To be called
/// before the work whose result the page shows.
void require_page();

/// Throws Error like require_page(). Bytes of names that are no UTF-8 are replaced. Equal documents
/// give equal bytes.
void write_html(std::ostream& out, const Json& document);
/// The same as text.
std::string html_text(const Json& document);

}  // namespace presil
