#include "estimator/sample_bytes.h"

#include <cstring>
#include <type_traits>

#include "core/error.h"

namespace presil {

namespace {

class Writer {
 public:
  template <typename T>
  void operator()(const T& value) requires std::is_trivially_copyable_v<T> {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const std::string& text) {
    (*this)(text.size());
    bytes_ += text;
  }
  void operator()(const std::vector<float>& values) {
    (*this)(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}

  template <typename T>
  void operator()(T& value) requires std::is_trivially_copyable_v<T> {
    take(&value, sizeof value);
  }
  void operator()(std::string& text) {
    text.resize(size());
    take(text.data(), text.size());
  }
  void operator()(std::vector<float>& values) {
    values.resize(size());
    take(values.data(), values.size() * sizeof(float));
  }
  bool is_over() const { return at_ == bytes_.size(); }

 private:
  std::size_t size() {
    std::size_t size = 0;
    take(&size, sizeof size);
    PRESIL_CHECK(size <= bytes_.size(), "{} of {} bytes", size, bytes_.size());
    return size;
  }
  void take(void* to, std::size_t size) {
    PRESIL_CHECK(size <= bytes_.size() - at_, "{} bytes at {} of {}", size, at_, bytes_.size());
    if (size > 0) std::memcpy(to, bytes_.data() + at_, size);
    at_ += size;
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
};

/// The one list of members, for both directions.
template <typename Archive, typename Stored>
void visit_head(Archive& archive, Stored& stored, std::size_t& groups) {
  auto& sample = stored.sample;
  archive(stored.case_id);
  archive(stored.failed);
  archive(stored.reason);
  archive(stored.pair);
  archive(stored.options);
  archive(sample.graph_hash);
  archive(sample.chip_hash);
  archive(sample.chip);
  archive(sample.simulator_version);
  archive(sample.level);
  archive(sample.family);
  archive(sample.link_cycles);
  archive(sample.latency_cycles);
  archive(sample.energy_pj);
  archive(groups);
}

template <typename Archive, typename Group>
void visit_group(Archive& archive, Group& group) {
  archive(group.name);
  archive(group.kind);
  archive(group.features.hash);
  archive(group.features.values);
  archive(group.features.prior);
  archive(group.cycles);
  archive(group.energy_pj);
}

}  // namespace

std::string to_bytes(const StoredCase& stored) {
  Writer writer;
  std::size_t groups = stored.sample.groups.size();
  visit_head(writer, stored, groups);
  for (const GroupSample& group : stored.sample.groups) visit_group(writer, group);
  return std::move(writer).take();
}

StoredCase from_bytes(const std::string& bytes) {
  Reader reader(bytes);
  StoredCase stored;
  std::size_t groups = 0;
  visit_head(reader, stored, groups);
  PRESIL_CHECK(groups <= bytes.size(), "{} groups in {} bytes", groups, bytes.size());
  stored.sample.groups.resize(groups);
  for (GroupSample& group : stored.sample.groups) visit_group(reader, group);
  PRESIL_CHECK(reader.is_over(), "bytes are left");
  return stored;
}

}  // namespace presil
