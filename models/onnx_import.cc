// Stands in until the ONNX importer is merged.

#include "core/error.h"
#include "models/import.h"

namespace presil {

Graph import_onnx(const std::filesystem::path& file, const ImportOptions&) {
  throw Error("{}: this build cannot read ONNX; use .tflite, .yaml or a built-in network",
              file.string());
}

}  // namespace presil
