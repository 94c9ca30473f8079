package dev.adjoint.explain;

import dev.adjoint.op.Primitive;
import dev.adjoint.op.Standardize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a primitive computes, and what its pullback does, as one writes it on a blackboard.
 *
 * <p>Letters stand for tensors: x for the input of a function of one, a, b, c and so on for
 * several, y for the output, g for its cotangent, "inputs" for all of them. {@code *} goes element
 * by element, {@code @} is the matrix product and {@code '} transposes.
 *
 * @param value of the output, as in "tanh(x)"
 * @param cotangents one for each input, as in "g * (1 - y^2)"; the last is that of all others, too
 */
record Formula(String value, List<String> cotangents) {

  /** The rows: primitive, value, cotangents. Attributes of the primitive stand in braces. */
  private static final String TABLE =
      """
      Unary.NEG                 | -x                          | -g
      Unary.ABS                 | abs(x)                      | g * sign(x)
      Unary.SIGN                | sign(x)                     | 0
      Unary.EXP                 | exp(x)                      | g * y
      Unary.EXPM1               | exp(x) - 1                  | g * exp(x)
      Unary.LOG                 | log(x)                      | g / x
      Unary.LOG1P               | log(1 + x)                  | g / (1 + x)
      Unary.LOG2                | log(x) / log(2)             | g / (x * log(2))
      Unary.LOG10               | log(x) / log(10)            | g / (x * log(10))
      Unary.SQRT                | sqrt(x)                     | g / (2 * y)
      Unary.RSQRT               | 1 / sqrt(x)                 | -g * y^3 / 2
      Unary.SQUARE              | x^2                         | g * 2 * x
      Unary.RECIPROCAL          | 1 / x                       | -g * y^2
      Unary.SIN                 | sin(x)                      | g * cos(x)
      Unary.COS                 | cos(x)                      | -g * sin(x)
      Unary.TAN                 | tan(x)                      | g * (1 + y^2)
      Unary.ASIN                | asin(x)                     | g / sqrt(1 - x^2)
      Unary.ACOS                | acos(x)                     | -g / sqrt(1 - x^2)
      Unary.ATAN                | atan(x)                     | g / (1 + x^2)
      Unary.SINH                | sinh(x)                     | g * cosh(x)
      Unary.COSH                | cosh(x)                     | g * sinh(x)
      Unary.TANH                | tanh(x)                     | g * (1 - y^2)
      Unary.SIGMOID             | sigmoid(x)                  | g * y * (1 - y)
      Unary.SOFTPLUS            | log(1 + exp(x))             | g * sigmoid(x)
      Unary.ERF                 | erf(x)                      | g * 2 / sqrt(pi) * exp(-x^2)
      Unary.RELU                | relu(x)                     | g where x > 0, else 0
      Unary.GELU                | x * P(x)                    | g * (P(x) + x * p(x)), P normal
      Unary.GELU_SLOPE          | P(x) + x * p(x)             | g * (2 - x^2) * p(x), P normal
      Unary.GELU_TANH           | x * sigmoid(u), u = sqrt(8 / pi) * (x + 0.044715 * x^3) | g * slope of geluTanh(x)
      Unary.GELU_TANH_SLOPE     | slope of geluTanh(x)        | g * second derivative of geluTanh(x)
      Unary.SILU                | x * sigmoid(x)              | g * s * (1 + x * (1 - s)), s = sigmoid(x)
      Unary.SILU_SLOPE          | s * (1 + x * (1 - s)), s = sigmoid(x) | g * s * (1 - s) * (2 + x * (1 - 2 * s)), s = sigmoid(x)
      Unary.SOFTSIGN            | x / (1 + abs(x))            | g / (1 + abs(x))^2
      Unary.FLOOR               | floor(x)                    | 0
      Unary.CEIL                | ceil(x)                     | 0
      Unary.ROUND               | round(x)                    | 0
      Unary.TRUNC               | trunc(x)                    | 0
      Unary.IS_NAN              | isNaN(x)                    | none
      Unary.IS_FINITE           | isFinite(x)                 | none
      Binary.PLUS               | a + b                       | g | g
      Binary.MINUS              | a - b                       | g | -g
      Binary.TIMES              | a * b                       | g * b | g * a
      Binary.DIV                | a / b                       | g / b | -g * y / b
      Binary.POW                | a^b                         | g * b * a^(b - 1) | g * y * log(a)
      Binary.MAX                | max(a, b)                   | g where a > b, g / 2 where a = b, else 0 | g where b > a, g / 2 where a = b, else 0
      Binary.MIN                | min(a, b)                   | g where a < b, g / 2 where a = b, else 0 | g where b < a, g / 2 where a = b, else 0
      Binary.ATAN2              | atan2(a, b)                 | g * b / (a^2 + b^2) | -g * a / (a^2 + b^2)
      Binary.HYPOT              | sqrt(a^2 + b^2)             | g * a / y | g * b / y
      Binary.FMOD               | a - b * trunc(a / b)        | g | -g * trunc(a / b)
      Binary.REMAINDER          | a - b * floor(a / b)        | g | -g * floor(a / b)
      Binary.LOGADDEXP          | log(exp(a) + exp(b))        | g * exp(a - y) | g * exp(b - y)
      Binary.XLOGY              | a * log(b)                  | g * log(b) | g * a / b
      Binary.EQUAL              | a = b                       | none
      Binary.NOT_EQUAL          | a != b                      | none
      Binary.LESS               | a < b                       | none
      Binary.LESS_EQUAL         | a <= b                      | none
      Binary.GREATER            | a > b                       | none
      Binary.GREATER_EQUAL      | a >= b                      | none
      Binary.LEAKY_RELU         | a where a > 0, else b * a   | g where a > 0, else g * b | 0 where a > 0, else g * a
      Binary.ELU                | a where a > 0, else b * (exp(a) - 1) | g where a > 0, else g * b * exp(a) | 0 where a > 0, else g * (exp(a) - 1)
      Binary.TANH_PULLBACK      | a * (1 - b^2)               | g * (1 - b^2) | -g * 2 * a * b
      Where.WHERE               | b where a != 0, else c      | none | g where a != 0, else 0 | g where a = 0, else 0
      Clamp                     | clamp(x, {low}, {high})     | g where {low} <= x <= {high}, else 0
      Clamp.open                | clamp(x, {low}, {high})     | g where {low} < x < {high}, else 0
      Cast                      | {name}(x)                   | g in the type of x
      Contiguous.COPY           | copy(x)                     | g
      Movement.Reshape          | reshape(x, {shape})         | g, reshaped back
      Movement.Permute          | permute(x, {order})         | g, its axes put back
      Movement.Permute.transpose | x'                         | g'
      Movement.Expand           | expand(x, {shape})          | g
      Movement.Slice            | x[axis {axis}: {count} from {from}, step {step}] | g in these places, else 0
      Movement.Flip             | flip(x, axes {axes})        | flip(g, axes {axes})
      Pad                       | pad(x, axis {axis} to {size}, from {from}, step {step}, {value}) | g in the places of x
      Reductions.Fold.SUM       | sum(x, axes {axes})         | g, repeated over {axes}
      Reductions.Fold.MAX       | max(x, axes {axes})         | g where x = y, shared by equal ones, else 0
      Reductions.Fold.MIN       | min(x, axes {axes})         | g where x = y, shared by equal ones, else 0
      Length                    | sqrt(sum(x^2, axes {axes}) + {epsilon}) | g * x / y
      RowOp.SOFTMAX             | softmax(x)                  | y * (g - sum(g * y)), row by row
      RowOp.LOG_SOFTMAX         | x - log(sum(exp(x)))        | g - exp(y) * sum(g), row by row
      RowOp.LOG_SUM_EXP         | log(sum(exp(x)))            | g * softmax(x)
      CumulativeSum             | cumsum(x, axis {axis})      | sums of g from the end
      LinearRecurrence          | y[i] = a[i] * y[i-1] + b[i], axis {axis} | q[i] * y[i-1], q[i] = g[i] + a[i+1] * q[i+1] | q[i] = g[i] + a[i+1] * q[i+1]
      MatMul.MATMUL             | a @ b                       | g @ b' | a' @ g
      MatMul.MATMUL/3           | a @ b + c                   | g @ b' | a' @ g | g, its rows added up
      Joining.Concat            | concat(inputs, axis {axis}) | the slice of g where it went
      Indexing.Gather           | gather(x, axis {axis})      | g added to the places that were read
      Indexing.ScatterAdd       | scatterAdd(x, axis {axis})  | g from the places that were added to
      Slices.IndexSelect        | indexSelect(x, axis {axis}) | g added to the slices that were read
      Slices.IndexAdd           | indexAdd(x, axis {axis})    | g from the slices that were added to
      CrossEntropy              | log(sum(exp(x))) - x[target] | g * (softmax(x) - onehot(target))
      Diagonal.DIAGONAL         | diagonal(x)                 | g on the diagonal, else 0
      Diagonal.Embed            | diagonal matrix of x        | diagonal(g)
      SymmetricEigen.EIGH       | eigh(x) = v @ diag(l) @ v'  | v @ (diag(gl) + v' @ gv / (l[j] - l[i])) @ v'
      SymmetricRoot.INVERSE_SQRT | x^(-1/2) of matrices       | -y @ y @ q @ y @ y, with y @ q + q @ y = g
      SymmetricRoot.LYAPUNOV    | q with a @ q + q @ a = b    | -(z @ y' + y' @ z), with a @ z + z @ a = g | z, with a @ z + z @ a = g
      MatrixFunction            | f(inputs) of eigenvalues    | the derivative of f along g
      Cholesky.CHOLESKY         | cholesky(x), y @ y' = x     | symmetric part of y'^-1 @ p @ y^-1, p = lower half of y' @ g
      Solve.GENERAL             | solve(a, b), a @ y = b      | -q @ y', with a' @ q = g | q, with a' @ q = g
      Solve.LOWER               | solve(a, b), a lower        | -q @ y' below, with a' @ q = g | q, with a' @ q = g
      Solve.UPPER               | solve(a, b), a upper        | -q @ y' above, with a' @ q = g | q, with a' @ q = g
      Solve.UNIT_LOWER          | solve(a, b), a unit lower   | -q @ y' below, with a' @ q = g | q, with a' @ q = g
      Solve.UNIT_UPPER          | solve(a, b), a unit upper   | -q @ y' above, with a' @ q = g | q, with a' @ q = g
      Determinant.Value.DET     | det(x)                      | g * cofactors(x)
      Determinant.Value.SLOGDET | sign and log(abs(det(x)))   | glog * inverse(x)'
      Determinant.Gradient      | cofactors(inputs)           | their derivative along g
      QR                        | qr(x)                       | (gq + q @ (s + s')) @ r'^-1, s = lower half of r @ gr' - gq' @ q
      SVD                       | svd(x) = u @ diag(s) @ v'   | u @ (diag(gs) + what turns u and v) @ v'
      PseudoInverse             | pinv(x)                     | -y' @ g @ y' + what turns the range of x
      Windows.Unfold            | windows(x, axis {axis}, size {size}, step {step}) | windows of g added up
      Windows.Fold              | windows of x added up, axis {axis} | windows of g
      Convolution.Conv.FORWARD  | conv(a, b)                  | convTranspose(g, b) | a correlated with g
      Convolution.Conv.INPUT_GRADIENT | convTranspose(a, b)   | conv(g, b) | g correlated with a
      Convolution.Conv.WEIGHT_GRADIENT | b correlated with a  | conv(b, g) | convTranspose(a, g)
      Standardize.Fused         | (x - mean) / sigma          | (g - mean(g) - y * mean(g * y)) / sigma
      Standardize.Fused.uncentered | x / sigma                | (g - y * mean(g * y)) / sigma
      Standardize.Fused/3       | n * b + c, n = (a - mean) / sigma | (q - mean(q) - n * mean(q * n)) / sigma, q = g * b | g * n, added up | g, added up
      Standardize.Fused/3.uncentered | n * b + c, n = a / sigma | (q - n * mean(q * n)) / sigma, q = g * b | g * n, added up | g, added up
      ScaledDotProduct.Fused    | p @ c, p = softmax(a @ b' * s) | q @ b * s, q = p * (g @ c' - sum(g * y)) | q' @ a * s, q = p * (g @ c' - sum(g * y)) | p' @ g | q = p * (g @ c' - sum(g * y))
      LongShortTermMemory.Fused | lstm(inputs)                | back through time, from the last step to the first
      Normalized                | (a - b) * c * d + e         | g * c * d | -g * c * d, added up | g * (a - b) * d, added up | g * (a - b) * c, added up | g, added up
      ElementwiseFunction       | {name}(inputs)              | g times its derivative, step by step
      Autodiff.GradientHook     | x                           | what the hook makes of g
      Rematerialization         | checkpoint(inputs)          | computed again, step by step
      Primitive.Open            | {name}(inputs)              | its own pullback
      """;

  static final Map<String, Formula> ROWS = rows();
  private static final Pattern WORD = Pattern.compile("\\{(\\w+)}|[A-Za-z]\\w*");

  private static Map<String, Formula> rows() {
    Map<String, Formula> rows = new HashMap<>();
    TABLE
        .lines()
        .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toList())
        .forEach(
            row -> rows.put(row.getFirst(), new Formula(row.get(1), row.subList(2, row.size()))));
    return rows;
  }

  /**
   * Returns the formula of a step, in the letters of the table.
   *
   * @param inputs how many it has
   */
  static Formula of(Primitive primitive, int inputs) {
    Map<String, Object> attributes = primitive.attributes();
    String key = primitive.key();
    String flag = flag(attributes);
    Formula row = null;
    for (String more : List.of("/" + inputs + flag, "/" + inputs, flag, "")) {
      row = row == null ? ROWS.get(key + more) : row;
    }
    if (row == null && primitive instanceof Primitive.Open) {
      row = ROWS.get("Primitive.Open");
    }
    if (row == null) {
      throw new IllegalStateException("no formula for " + key);
    }
    return row.map(word -> word.startsWith("{") ? attribute(word, primitive, attributes) : null);
  }

  private static String flag(Map<String, Object> attributes) {
    boolean isTranspose =
        attributes.get("order") instanceof int[] o && Arrays.equals(o, new int[] {1, 0});
    boolean isUncentered = attributes.get("rule") instanceof Standardize.Rule r && !r.centered();
    boolean isOpen = Boolean.TRUE.equals(attributes.get("open"));
    return isTranspose ? ".transpose" : isUncentered ? ".uncentered" : isOpen ? ".open" : "";
  }

  private static String attribute(
      String word, Primitive primitive, Map<String, Object> attributes) {
    Object value = attributes.get(word.substring(1, word.length() - 1));
    return switch (value) {
      case null -> primitive.title();
      case int[] axes -> Arrays.toString(axes);
      case Double number -> Numbers.text(number);
      default -> value.toString();
    };
  }

  /** Returns this formula with the tensors of a step for letters. */
  Formula with(List<String> inputs, String output) {
    Map<String, String> labels =
        new HashMap<>(Map.of("y", output, "inputs", String.join(", ", inputs)));
    labels.put("x", inputs.getFirst());
    for (int i = 0; i < inputs.size(); i++) {
      labels.put(Character.toString('a' + i), inputs.get(i));
    }
    labels.put("g", "g"); // that of no seventh input
    return map(labels::get);
  }

  /** Returns the cotangent of an input; -1 for any. */
  String cotangent(int input) {
    return cotangents.get(Math.clamp(input, 0, cotangents.size() - 1));
  }

  private Formula map(Function<String, @Nullable String> words) {
    List<String> mapped = new ArrayList<>();
    cotangents.forEach(cotangent -> mapped.add(map(cotangent, words)));
    return new Formula(map(value, words), mapped);
  }

  private static String map(String text, Function<String, @Nullable String> words) {
    return WORD.matcher(text)
        .replaceAll(match -> {
          String word = words.apply(match.group());
          return Matcher.quoteReplacement(word == null ? match.group() : word);
        });
  }
}
