#pragma once
// A StoredCase as bytes, from one process of this program to another. No file format.

#include <string>

#include "estimator/sample_store.h"

namespace presil {

std::string to_bytes(const StoredCase& stored);
/// Throws InternalError if the bytes are not those of to_bytes().
StoredCase from_bytes(const std::string& bytes);

}  // namespace presil
