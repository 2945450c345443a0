#pragma once
// A fresh SystemC kernel for one simulation, so that many can run one after another in a process
// (DESIGN.md section 7). Modules must be destroyed before it.

#include <memory>
#include <systemc>

#include "hw/sc/stack_bounds.h"

namespace presil::sc {

class Context {
 public:
  Context() : context_(std::make_unique<sc_core::sc_simcontext>()) {
    sc_core::sc_curr_simcontext = context_.get();
    sc_core::sc_default_global_context = context_.get();
  }
  ~Context() {
    sc_core::sc_curr_simcontext = current_;
    sc_core::sc_default_global_context = global_;
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  StackBounds stack_;  // first, so that it outlives the kernel
  sc_core::sc_simcontext* current_ = sc_core::sc_curr_simcontext;
  sc_core::sc_simcontext* global_ = sc_core::sc_default_global_context;
  std::unique_ptr<sc_core::sc_simcontext> context_;
};

}  // namespace presil::sc
