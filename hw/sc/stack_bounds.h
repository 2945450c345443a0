#pragma once
// The stack that AddressSanitizer believes this thread runs on. SystemC's coroutine package tells it
// of every switch to a process's stack, but has no bounds to tell when it switches back to the
// caller's; an exception thrown later then leaves frames marked as dead and a healthy program is
// reported (github.com/google/sanitizers/issues/189). One of these around a simulation puts the
// bounds back. Without the sanitizer it is empty.

namespace presil::sc {

class StackBounds {
 public:
  StackBounds();
  ~StackBounds();
  StackBounds(const StackBounds&) = delete;
  StackBounds& operator=(const StackBounds&) = delete;

 private:
  const void* bottom_ = nullptr;
  unsigned long bytes_ = 0;
};

}  // namespace presil::sc
