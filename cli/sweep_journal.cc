#include "cli/sweep_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/error.h"
#include "profiler/sweep_csv.h"

namespace presil::cli {

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("{}: cannot be read: {}", path, std::strerror(errno));
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

SweepJournal::SweepJournal(const std::string& csv, const Sweep& sweep, bool fresh)
    : path_(csv + ".partial") {
  if (!fresh && std::filesystem::exists(csv))
    done_ = read_sweep_csv(csv, text_of(csv), sweep.identity, sweep.axes).points;
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file_ < 0) throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
  try {
    if (flock(file_, LOCK_EX | LOCK_NB) != 0)
      throw Error("{}: another presil is at this sweep; wait for it, or give another file", path_);
    SweepFile there;
    if (!fresh) there = read_sweep_csv(path_, text_of(path_), sweep.identity, sweep.axes);
    if (ftruncate(file_, static_cast<off_t>(there.bytes)) != 0)
      throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
    if (there.bytes == 0) put(sweep_csv_head(sweep.identity, sweep.axes));
    std::set<std::size_t> known;
    for (const SweepPoint& point : done_) known.insert(point.index);
    for (SweepPoint& point : there.points)
      if (known.insert(point.index).second) done_.push_back(std::move(point));
  } catch (...) {
    close(file_);
    throw;
  }
}

SweepJournal::~SweepJournal() { close(file_); }

void SweepJournal::add(const SweepPoint& point) { put(sweep_csv_line(point)); }

void SweepJournal::finish() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void SweepJournal::put(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(file_, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
    at += static_cast<std::size_t>(n);
  }
}

}  // namespace presil::cli
