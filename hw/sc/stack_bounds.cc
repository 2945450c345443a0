#include "hw/sc/stack_bounds.h"

#if defined(__SANITIZE_ADDRESS__)
#define PRESIL_TELLS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PRESIL_TELLS_SANITIZER 1
#endif
#endif

#ifdef PRESIL_TELLS_SANITIZER

#include <pthread.h>
#include <sanitizer/common_interface_defs.h>

namespace presil::sc {

StackBounds::StackBounds() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* bottom = nullptr;
  if (pthread_attr_getstack(&attributes, &bottom, &bytes_) == 0) bottom_ = bottom;
  pthread_attr_destroy(&attributes);
}

// A switch from this stack to itself, with the bounds said aloud.
StackBounds::~StackBounds() {
  if (bottom_ == nullptr) return;
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, bottom_, bytes_);
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

}  // namespace presil::sc

#else

namespace presil::sc {
StackBounds::StackBounds() = default;
StackBounds::~StackBounds() = default;
}  // namespace presil::sc

#endif
