// Einsum of one or two operands, as transposes, a matrix product and reshapes.

#include <algorithm>
#include <array>

#include "models/onnx_operators.h"

namespace presil {
namespace {

/// "bij,bjk->bik".
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

Equation parse(const OnnxNode& node) {
  const std::string text = node.text("equation", "");
  Equation equation{.operands = {""}, .result = {}};
  std::string written;
  for (const char c : text)
    if (c != ' ') written += c;
  const std::size_t arrow = written.find("->");
  for (const char c : written.substr(0, arrow)) {
    if (c == ',') {
      equation.operands.emplace_back();
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      equation.operands.back() += c;
    } else {
      throw OnnxUnsupported("the equation \"{}\" (letters only are)", printable(text));
    }
  }
  if (arrow != std::string::npos) {
    equation.result = written.substr(arrow + 2);
  } else {  // the letters that occur once, in alphabetical order
    const std::string all = fmt::format("{}", fmt::join(equation.operands, ""));
    for (const char c : all)
      if (std::count(all.begin(), all.end(), c) == 1) equation.result += c;
    std::sort(equation.result.begin(), equation.result.end());
  }
  return equation;
}

bool contains(const std::string& letters, char c) { return letters.find(c) != std::string::npos; }

void check_letters(const OnnxNode& node, const std::string& letters) {
  for (const char c : letters)
    if (std::count(letters.begin(), letters.end(), c) > 1)
      throw OnnxUnsupported("a letter twice in one operand of \"{}\"",
                            printable(node.text("equation", "")));
}

/// One operand on its way to the product.
struct Term {
  TensorId id = kNoTensor;
  std::string letters;
};

/// The letters in the order `wanted`; those not in it are summed over.
Term arranged(OnnxContext& context, const OnnxNode& node, Term term, const std::string& wanted) {
  ReduceAttrs sum{.axes = {}, .keep_dims = false};
  std::string kept;
  for (std::size_t i = 0; i < term.letters.size(); ++i) {
    if (contains(wanted, term.letters[i])) {
      kept += term.letters[i];
    } else {
      sum.axes.push_back(static_cast<std::int64_t>(i));
    }
  }
  if (!sum.axes.empty()) term.id = context.step(node, OpKind::kReduceSum, sum, {term.id}, "sum");
  TransposeAttrs transpose;
  std::string order;
  for (const char c : wanted)
    if (contains(kept, c)) {
      transpose.perm.push_back(static_cast<std::int64_t>(kept.find(c)));
      order += c;
    }
  if (order != kept)
    term.id = context.step(node, OpKind::kTranspose, transpose, {term.id}, "transpose");
  return {term.id, order};
}

std::int64_t extent_of(OnnxContext& context, const Term& term, const std::string& letters) {
  const Shape shape = context.shape_of(term.id);
  std::int64_t product = 1;
  for (std::size_t i = 0; i < term.letters.size(); ++i)
    if (contains(letters, term.letters[i])) product *= shape[i];
  return product;
}

/// The result, in the letters `term` has, brought into the order of the equation.
void finish(OnnxContext& context, const OnnxNode& node, Term term, const std::string& result) {
  term = arranged(context, node, term, result);
  context.result(node, OpKind::kIdentity, {}, {term.id});
}

void multiply(OnnxContext& context, const OnnxNode& node, Term a, Term b,
              const std::string& result) {
  std::string batch, left, right, inner;
  for (const char c : a.letters) {
    if (contains(b.letters, c)) {
      (contains(result, c) ? batch : inner) += c;
    } else if (contains(result, c)) {
      left += c;
    }
  }
  for (const char c : b.letters)
    if (!contains(a.letters, c) && contains(result, c)) right += c;
  a = arranged(context, node, a, batch + left + inner);
  b = arranged(context, node, b, batch + inner + right);
  Shape batches, shape;
  const Shape as = context.shape_of(a.id), bs = context.shape_of(b.id);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (as[i] != bs[i])
      throw Error("{}: extent {} of '{}' is {} and {}", node.place(), i, batch[i], as[i], bs[i]);
    batches.push_back(as[i]);
  }
  shape = batches;
  shape.insert(shape.end(), as.begin() + static_cast<std::ptrdiff_t>(batch.size()),
               as.begin() + static_cast<std::ptrdiff_t>(batch.size() + left.size()));
  shape.insert(shape.end(), bs.begin() + static_cast<std::ptrdiff_t>(batch.size() + inner.size()),
               bs.end());
  Shape a_matrix = batches, b_matrix = batches;
  a_matrix.insert(a_matrix.end(), {extent_of(context, a, left), extent_of(context, a, inner)});
  b_matrix.insert(b_matrix.end(), {extent_of(context, b, inner), extent_of(context, b, right)});
  const TensorId product = context.step(
      node, OpKind::kMatMul, MatMulAttrs{},
      {context.reshaped(node, a.id, a_matrix, "a"), context.reshaped(node, b.id, b_matrix, "b")},
      "product");
  finish(context, node, {context.reshaped(node, product, shape, "split"), batch + left + right},
         result);
}

void convert_einsum(OnnxContext& context, const OnnxNode& node) {
  const Equation equation = parse(node);
  if (equation.operands.size() != node.input_count())
    throw Error("{}: equation \"{}\" is for {} operands, the node has {}", node.place(),
                printable(node.text("equation", "")), equation.operands.size(), node.input_count());
  if (node.input_count() > 2) throw OnnxUnsupported("more than two operands");
  std::vector<Term> terms;
  const std::string all = fmt::format("{}", fmt::join(equation.operands, ""));
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    check_letters(node, equation.operands[i]);
    if (context.rank(node, i) != equation.operands[i].size())
      throw Error("{}: operand {} {} does not have the dimensions \"{}\"", node.place(), i,
                  to_string(context.shape(node, i)), equation.operands[i]);
    terms.push_back({context.input(node, i), equation.operands[i]});
  }
  check_letters(node, equation.result);
  for (const char c : equation.result)
    if (!contains(all, c))
      throw Error("{}: '{}' of the result is in no operand", node.place(), printable({&c, 1}));
  if (terms.size() == 1) return finish(context, node, terms[0], equation.result);
  multiply(context, node, terms[0], terms[1], equation.result);
}

constexpr std::array kRows = {OnnxOperator{"Einsum", convert_einsum}};

}  // namespace

std::span<const OnnxOperator> onnx_einsum_operators() { return kRows; }

}  // namespace presil
