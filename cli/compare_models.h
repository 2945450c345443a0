#pragma once
// The networks that `presil compare` takes: files, built-in ones, and random ones of search spaces.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/space.h"
#include "sim/compile.h"

namespace presil::cli {

/// A network that is made when it is needed.
struct ComparedModel {
  std::string name;    ///< a file's name, a built-in network's, "SPACE:KEY"
  std::string family;  ///< the space, else the name
  std::string source;  ///< as load_network() takes it; "": drawn from a space
  std::shared_ptr<const SearchSpace> space = nullptr;
  std::optional<Genome> genome = std::nullopt;

  /// Throws Error as load_network() does. A genome's precisions go into `options`.
  Graph load(CompileOptions& options) const;
};

/// A folder stands for the networks in it, a text file for the models that it lists.
std::vector<ComparedModel> named_models(const std::vector<std::string>& given);

/// `draws` different networks of each space, chosen at random: the same for the same seed. Throws
/// Error for an unknown space, and where a space has not so many.
std::vector<ComparedModel> drawn_models(const std::vector<std::string>& spaces, std::size_t draws,
                                        std::uint64_t seed);

}  // namespace presil::cli
