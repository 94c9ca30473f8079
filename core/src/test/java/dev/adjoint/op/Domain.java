package dev.adjoint.op;

import java.util.random.RandomGenerator;

/** Draws numbers from where an operation is defined and smooth. */
enum Domain {
  /** Anything in (-2, 2) but near multiples of 1/2, where steps and kinks are. */
  REAL {
    @Override
    double draw(RandomGenerator random) {
      return Math.floor(random.nextDouble(-4, 4)) / 2 + random.nextDouble(0.05, 0.45);
    }
  },
  /** Numbers to take logarithms and roots of, and to divide by. */
  POSITIVE {
    @Override
    double draw(RandomGenerator random) {
      return random.nextDouble(0.3, 2);
    }
  },
  /** Numbers to divide by, of both signs. */
  NONZERO {
    @Override
    double draw(RandomGenerator random) {
      return random.nextDouble(0.3, 2) * (random.nextBoolean() ? 1 : -1);
    }
  },
  /** Halves and ones of both signs, of which no number of REAL is nearly a multiple. */
  DIVISOR {
    @Override
    double draw(RandomGenerator random) {
      return (random.nextBoolean() ? 0.5 : 1) * (random.nextBoolean() ? 1 : -1);
    }
  },
  /** Numbers within (-1, 1). */
  UNIT {
    @Override
    double draw(RandomGenerator random) {
      return random.nextDouble(-0.9, 0.9);
    }
  },
  /** Small whole numbers, many of them equal. */
  WHOLE {
    @Override
    double draw(RandomGenerator random) {
      return random.nextInt(-1, 3);
    }
  },
  /** 0 and 1: no gradient flows to a mask. */
  MASK {
    @Override
    double draw(RandomGenerator random) {
      return random.nextInt(2);
    }
  };

  abstract double draw(RandomGenerator random);
}
