#include "hw/access.h"

namespace presil {

Strided bytes_of(const Region& region) {
  return make_strided(region.address, region.run_bytes, {{{region.runs, region.stride}}});
}

Strided sram_bytes_of(const Transfer& transfer) {
  const auto& d = transfer.dims;
  return make_strided(transfer.sram_address, transfer.run_bytes,
                      {{{d[0].count, d[0].sram_stride},
                        {d[1].count, d[1].sram_stride},
                        {d[2].count, d[2].sram_stride}}});
}

Strided memory_bytes_of(const Transfer& transfer) {
  const auto& d = transfer.dims;
  return make_strided(transfer.memory_address, transfer.stored_run_bytes(),
                      {{{d[0].count, d[0].memory_stride},
                        {d[1].count, d[1].memory_stride},
                        {d[2].count, d[2].memory_stride}}});
}

Accesses accesses_of(const Command& command) {
  struct Visitor {
    Space sram;
    Accesses accesses{};

    void read(const Region& region) { accesses.add({.space = sram, .bytes = bytes_of(region)}); }
    void write(const Region& region) {
      accesses.add({.space = sram, .write = true, .bytes = bytes_of(region)});
    }
    static Space memory(const Transfer& t) { return {Space::Kind::kMemory, t.memory}; }

    void operator()(const Load& load) {
      const Transfer& t = load.transfer;
      accesses.add({.space = memory(t),
                    .constant = t.traffic == Traffic::kWeights,
                    .bytes = memory_bytes_of(t)});
      accesses.add({.space = sram, .write = true, .bytes = sram_bytes_of(t)});
    }
    void operator()(const Store& store) {
      const Transfer& t = store.transfer;
      accesses.add({.space = sram, .bytes = sram_bytes_of(t)});
      accesses.add({.space = memory(t), .write = true, .bytes = memory_bytes_of(t)});
    }
    void operator()(const Matrix& m) {
      for (const Region* region : {&m.input, &m.weights, &m.operand, &m.constants}) read(*region);
      write(m.output);
    }
    void operator()(const Vector& v) {
      for (const Region* region : {&v.input, &v.operand, &v.constants}) read(*region);
      write(v.output);
    }
    void operator()(const Host&) {}
  };
  Visitor visitor{{Space::Kind::kSram, command.core}};
  std::visit(visitor, command.work);
  return visitor.accesses;
}

}  // namespace presil
