/**
 * Defines the operations: each primitive's shape rule, kernel call and pullback side by side.
 *
 * <p>Where a function has no derivative, or has several, its gradient is:
 *
 * <table>
 * <caption>Gradients at exact points, for a cotangent g</caption>
 * <tr><th>operation</th><th>at</th><th>gradient</th></tr>
 * <tr><td>abs, sign, relu</td><td>0</td><td>0</td></tr>
 * <tr><td>leakyRelu, PReLU, elu</td><td>0</td><td>that of below 0</td></tr>
 * <tr><td>clamp</td><td>its limits</td><td>g</td></tr>
 * <tr><td>hardtanh</td><td>its limits</td><td>0</td></tr>
 * <tr><td>max, min of two</td><td>equal values</td><td>g / 2 each</td></tr>
 * <tr><td>max, min over axes</td><td>n equal extremes</td><td>g / n each</td></tr>
 * <tr><td>cummax, cummin</td><td>equal extremes</td><td>g for the last</td></tr>
 * <tr><td>floor, ceil, round, trunc, comparisons</td><td>everywhere</td><td>0</td></tr>
 * <tr><td>norms, cosine, standardize</td><td>a vector of zeros</td><td>0</td></tr>
 * <tr><td>p-norm, p below 1</td><td>an element 0</td><td>0</td></tr>
 * <tr><td>biasedStd, unbiasedStd</td><td>equal elements</td><td>0</td></tr>
 * <tr><td>hypot, atan2, xlogy</td><td>(0, 0)</td><td>0, where PyTorch has NaN</td></tr>
 * <tr><td>fmod, remainder, of the divisor</td><td>everywhere</td><td>how often it was added</td></tr>
 * <tr><td>median of all</td><td>n elements equal to it</td><td>g / n each</td></tr>
 * <tr><td>sort, topK, median and quantile over axes, unique</td><td>equal elements</td><td>to that
 * which a stable sort puts there</td></tr>
 * <tr><td>scatter, indexPut</td><td>several for one place</td><td>g for the last, 0 for
 * others</td></tr>
 * <tr><td>hingeEmbedding, cosineEmbedding</td><td>the margin</td><td>that of where it costs</td></tr>
 * <tr><td>multiMargin</td><td>the margin</td><td>0</td></tr>
 * <tr><td>logsumexp, logaddexp</td><td>all -infinity</td><td>0</td></tr>
 * <tr><td>softmax, logsumexp</td><td>+infinity</td><td>the limit: that element has all</td></tr>
 * <tr><td>a^b, of b</td><td>0^b for b of at least 0</td><td>0</td></tr>
 * <tr><td>what has the weight 0 in a loss</td><td>an infinite cost</td><td>0</td></tr>
 * </table>
 *
 * <p>One rule for NaN: a function that chooses (abs, relu, leakyRelu, elu, clamp, hardtanh, max,
 * min) and by a NaN returns NaN has the gradient NaN for all that it chose from, as smooth
 * functions have. What moves elements without looking at them (where, views, indexing, and max
 * pooling and sorting by the index that they found) moves the cotangent back.
 *
 * <p>tanh and sigmoid take their derivative from the output, and log-softmax from its: in float32
 * these are right to 1e-7 of the largest derivative, not of their own size far out in the tails.
 */
@NullMarked
package dev.adjoint.op;

import org.jspecify.annotations.NullMarked;
