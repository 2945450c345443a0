#pragma once
// The patterns of simplify(), by family: one .cc file each. Private to models/.

#include <span>

#include "models/rewrite.h"

namespace presil {

std::span<const RewriteRule> activation_rules();  // simplify_activation.cc
std::span<const RewriteRule> affine_rules();      // simplify_affine.cc
std::span<const RewriteRule> matmul_rules();      // simplify_matmul.cc
std::span<const RewriteRule> movement_rules();    // simplify_movement.cc
std::span<const RewriteRule> norm_rules();        // simplify_norm.cc
std::span<const RewriteRule> pad_rules();         // simplify_pad.cc
std::span<const RewriteRule> quantized_rules();   // simplify_quantized.cc

}  // namespace presil
