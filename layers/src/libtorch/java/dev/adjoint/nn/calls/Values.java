package dev.adjoint.nn.calls;

import java.util.Random;

/** How the elements of an argument are drawn. */
enum Values {
  /** Any number: ties, zeros, negative, large and tiny ones; now and then infinite or NaN. */
  REAL {
    @Override
    double draw(Random random, Manner manner) {
      return switch (manner) {
        case PLAIN -> random.nextGaussian();
        case TIES -> TIES[random.nextInt(TIES.length)];
        case WIDE -> random.nextGaussian() * Math.pow(10, random.nextInt(-6, 4));
        case SPECIAL ->
            random.nextInt(4) == 0
                ? SPECIALS[random.nextInt(SPECIALS.length)]
                : random.nextGaussian();
      };
    }
  },
  /** Any finite number. */
  FINITE {
    @Override
    double draw(Random random, Manner manner) {
      return REAL.draw(random, manner == Manner.SPECIAL ? Manner.WIDE : manner);
    }
  },
  /** Any finite number but 0. */
  NONZERO {
    @Override
    double draw(Random random, Manner manner) {
      double value = FINITE.draw(random, manner);
      return value == 0 ? 1 : value;
    }
  },
  /** Numbers of moderate size, ties among them. */
  MODERATE {
    @Override
    double draw(Random random, Manner manner) {
      return manner == Manner.TIES ? TIES[random.nextInt(TIES.length)] : random.nextGaussian();
    }
  },
  /** Numbers of moderate size, hardly ever equal. */
  DISTINCT {
    @Override
    double draw(Random random, Manner manner) {
      return random.nextGaussian();
    }
  },
  /** Numbers above 0, ties among them. */
  POSITIVE {
    @Override
    double draw(Random random, Manner manner) {
      return Math.abs(MODERATE.draw(random, manner)) + (manner == Manner.WIDE ? .01 : .25);
    }
  },
  /** Numbers between 0 and 1; with ties, both of them. */
  UNIT {
    @Override
    double draw(Random random, Manner manner) {
      return manner == Manner.TIES ? random.nextInt(5) / 4. : random.nextDouble();
    }
  },
  /** Numbers between 0 and 1, neither of them near. */
  INSIDE {
    @Override
    double draw(Random random, Manner manner) {
      return random.nextDouble(.05, .95);
    }
  },
  /** -1 or 1. */
  SIGN {
    @Override
    double draw(Random random, Manner manner) {
      return random.nextBoolean() ? 1 : -1;
    }
  },
  /** 0 or 1. */
  MASK {
    @Override
    double draw(Random random, Manner manner) {
      return random.nextInt(2);
    }
  };

  /** How all elements of one argument are drawn. */
  enum Manner {
    PLAIN,
    TIES,
    WIDE,
    SPECIAL
  }

  private static final double[] TIES = {-2, -1, -.5, 0, 0, .5, 1, 2, 3};
  private static final double[] SPECIALS = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0., 0, 1e-30, 1e30, -800, 800
  };

  abstract double draw(Random random, Manner manner);
}
