#include "search/archive.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace presil {

Archive::Archive(const std::filesystem::path& file, const SearchSpace& space,
                 const std::string& settings)
    : space_(space), file_(file.string()) {
  descriptor_ = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw Error("{}: cannot be written: {}", file_, std::strerror(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    close(descriptor_);
    throw Error("{}: another program is writing to this archive; wait for it, or name another file",
                file_);
  }
  try {
    const nlohmann::ordered_json header{{"presil_archive", 1},
                                        {"space", space.name()},
                                        {"space_hash", space.hash()},
                                        {"settings", settings}};
    const std::string line = header.dump();
    const std::size_t whole = read(line);
    if (ftruncate(descriptor_, static_cast<off_t>(whole)) != 0 ||
        lseek(descriptor_, 0, SEEK_END) < 0)
      throw Error("{}: cannot be continued: {}", file_, std::strerror(errno));
    if (whole == 0) put(line + "\n");
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

Archive::~Archive() { close(descriptor_); }

/// Returns how many bytes are whole lines.
std::size_t Archive::read(const std::string& header) {
  std::ifstream in(file_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::size_t at = 0;
  for (int number = 1; at < text.size(); ++number) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;  // cut short
    const std::string line = text.substr(at, end - at);
    if (number == 1 && line != header)
      throw Error(
          "{}: is the archive of another search; name another file or repeat its settings: it has "
          "{}, this search is {}",
          file_, line.substr(0, 400), header);
    try {
      if (number > 1) earlier_.push_back(parse_evaluation(space_, line));
    } catch (const Error& error) {
      throw Error("{}:{}: damaged: {}", file_, number, error.what());
    }
    at = end + 1;
  }
  return at;
}

void Archive::append(const Evaluation& evaluation) {
  put(evaluation_line(space_, evaluation) + "\n");
}

void Archive::put(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = write(descriptor_, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw Error("{}: cannot be written: {}", file_, std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace presil
