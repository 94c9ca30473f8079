package dev.adjoint.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The operations that functions are written in, on vectors; each lane rounds as in the portable
 * class.
 */
final class FloatLanes {

  /**
   * The widest vectors there are, up to the 512 bits that the order of reductions is laid out for.
   */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.vectorBitSize() <= 512
          ? FloatVector.SPECIES_PREFERRED
          : VectorSpecies.of(float.class, VectorShape.S_512_BIT);

  /** How many values a vector has. */
  static final int STEP = SPECIES.length();

  /** The number of each lane. */
  static final FloatVector INDEX = FloatVector.zero(SPECIES).addIndex(1);

  static final int MANTISSA_BITS = Float.PRECISION - 1;
  private static final float INTEGERS_FROM =
      1L << MANTISSA_BITS; // all numbers from here on are integers
  static final float ROUND = 1.5f * (1L << MANTISSA_BITS);
  static final float ROUND_BIASED = ROUND + Float.MAX_EXPONENT;
  private static final float SQRT_HALF = (float) 0.7071067811865476;

  private FloatLanes() {}

  static FloatVector splat(float x) {
    return FloatVector.broadcast(SPECIES, x);
  }

  static FloatVector load(float[] array, int at) {
    return FloatVector.fromArray(SPECIES, array, at);
  }

  static FloatVector repeat(float[] array, int at) {
    return FloatVector.broadcast(SPECIES, array[at]);
  }

  static void store(FloatVector x, float[] array, int at) {
    x.intoArray(array, at);
  }

  static FloatVector firstOf(FloatVector x, int n) {
    return FloatVector.zero(SPECIES).blend(x, INDEX.lt(n));
  }

  static FloatVector plus(FloatVector x, FloatVector y) {
    return x.add(y);
  }

  static FloatVector minus(FloatVector x, FloatVector y) {
    return x.sub(y);
  }

  static FloatVector times(FloatVector x, FloatVector y) {
    return x.mul(y);
  }

  static FloatVector div(FloatVector x, FloatVector y) {
    return x.div(y);
  }

  static FloatVector fma(FloatVector x, FloatVector y, FloatVector z) {
    return x.fma(y, z);
  }

  static FloatVector neg(FloatVector x) {
    return x.neg();
  }

  static FloatVector abs(FloatVector x) {
    return x.abs();
  }

  static FloatVector sqrt(FloatVector x) {
    return x.sqrt();
  }

  static FloatVector max(FloatVector x, FloatVector y) {
    return x.max(y);
  }

  static FloatVector min(FloatVector x, FloatVector y) {
    return x.min(y);
  }

  static FloatVector floor(FloatVector x) {
    FloatVector r = round(x);
    return copySign(select(isLess(x, r), r.sub(1f), r), x);
  }

  static FloatVector ceil(FloatVector x) {
    FloatVector r = round(x);
    return copySign(select(isLess(r, x), r.add(1f), r), x);
  }

  static FloatVector round(FloatVector x) {
    FloatVector magnitude = x.abs();
    FloatVector r = copySign(magnitude.add(INTEGERS_FROM).sub(INTEGERS_FROM), x);
    return select(isLess(magnitude, splat(INTEGERS_FROM)), r, x);
  }

  static VectorMask<Float> isEqual(FloatVector x, FloatVector y) {
    return x.eq(y);
  }

  static VectorMask<Float> isLess(FloatVector x, FloatVector y) {
    return x.lt(y);
  }

  static VectorMask<Float> isAtMost(FloatVector x, FloatVector y) {
    return x.compare(VectorOperators.LE, y);
  }

  static boolean isAll(VectorMask<Float> condition) {
    return condition.allTrue();
  }

  static FloatVector select(VectorMask<Float> condition, FloatVector x, FloatVector y) {
    return y.blend(x, condition);
  }

  static FloatVector copySign(FloatVector magnitude, FloatVector sign) {
    return magnitude
        .reinterpretAsInts()
        .lanewise(
            VectorOperators.BITWISE_BLEND, sign.reinterpretAsInts(), Float.floatToRawIntBits(-0f))
        .reinterpretAsFloats();
  }

  static FloatVector strictSin(VectorMask<Float> condition, FloatVector x, FloatVector y) {
    boolean isAny = condition.anyTrue();
    return isAny ? y.blend(load(FloatFarAngles.sin(x.toArray()), 0), condition) : y;
  }

  static FloatVector strictCos(VectorMask<Float> condition, FloatVector x, FloatVector y) {
    boolean isAny = condition.anyTrue();
    return isAny ? y.blend(load(FloatFarAngles.cos(x.toArray()), 0), condition) : y;
  }

  static FloatVector roundSmall(FloatVector x) {
    return x.add(ROUND).sub(ROUND);
  }

  static FloatVector pow2(FloatVector k) {
    return k.add(ROUND_BIASED)
        .reinterpretAsInts()
        .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
        .reinterpretAsFloats();
  }

  static FloatVector exponent(FloatVector x) {
    return exponentBits(x).add(Float.floatToRawIntBits(ROUND)).reinterpretAsFloats().sub(ROUND);
  }

  static FloatVector mantissa(FloatVector x) {
    IntVector shifted = exponentBits(x).lanewise(VectorOperators.LSHL, MANTISSA_BITS);
    return x.reinterpretAsInts().sub(shifted).reinterpretAsFloats();
  }

  static IntVector exponentBits(FloatVector x) {
    return x.reinterpretAsInts()
        .sub(Float.floatToRawIntBits(SQRT_HALF))
        .lanewise(VectorOperators.ASHR, MANTISSA_BITS);
  }
}
