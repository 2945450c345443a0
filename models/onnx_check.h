#pragma once
// libonnx's checker, held against one node. Private to the ONNX importer.

#include <onnx/checker.h>

#include "models/onnx_node.h"

namespace presil {

/// Checks operators' arity and attributes against their schema. Its check of tensors would look for
/// external data in the file system, so nodes that carry some, and subgraphs (whose nodes come up
/// one by one if they are run), are left out.
class OnnxChecker {
 public:
  explicit OnnxChecker(const OnnxFile& file);
  /// Throws Error. Operators without a schema pass.
  void check(const OnnxNode& node) const;

 private:
  onnx::checker::CheckerContext context_;
  onnx::checker::LexicalScopeContext names_;
};

}  // namespace presil
