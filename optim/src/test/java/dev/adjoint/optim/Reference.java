package dev.adjoint.optim;

/** Takes steps for one number, as naively as the papers write them. */
interface Reference {

  /** Returns the new value of p after a step along the gradient g. */
  double step(double p, double g);

  /** Descent with momentum as PyTorch documents it. */
  static Reference sgd(
      double rate, double decay, double momentum, double dampening, boolean nesterov) {
    double[] v = {Double.NaN};
    return (p, g) -> {
      double slope = g + decay * p;
      v[0] = Double.isNaN(v[0]) ? slope : momentum * v[0] + (1 - dampening) * slope;
      double direction = momentum == 0 ? slope : nesterov ? slope + momentum * v[0] : v[0];
      return p - rate * direction;
    };
  }

  /**
   * Adam as in Kingma and Ba, algorithm 1, AdamW as in Loshchilov and Hutter, algorithm 2, and
   * AMSGrad as PyTorch has it: the largest square before the correction.
   */
  static Reference adam(
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double penalty,
      double decay,
      boolean amsgrad) {
    double[] s = new double[4];
    return (p, g) -> {
      double slope = g + penalty * p;
      double t = ++s[0];
      s[1] = beta1 * s[1] + (1 - beta1) * slope;
      s[2] = beta2 * s[2] + (1 - beta2) * slope * slope;
      s[3] = Math.max(s[3], s[2]);
      double mean = s[1] / (1 - Math.pow(beta1, t));
      double square = (amsgrad ? s[3] : s[2]) / (1 - Math.pow(beta2, t));
      return p - rate * decay * p - rate * mean / (Math.sqrt(square) + epsilon);
    };
  }

  /** NAdam as in Dozat, algorithm 8, with the momenta that he recommends. */
  static Reference nadam(double rate, double penalty, double decay, double momentumDecay) {
    double[] s = {0, 0, 0, 1};
    return (p, g) -> {
      double slope = g + penalty * p;
      double t = ++s[0];
      double mu = 0.9 * (1 - 0.5 * Math.pow(0.96, t * momentumDecay));
      double next = 0.9 * (1 - 0.5 * Math.pow(0.96, (t + 1) * momentumDecay));
      s[3] *= mu;
      s[1] = 0.9 * s[1] + 0.1 * slope;
      s[2] = 0.999 * s[2] + (1 - 0.999) * slope * slope;
      double mean = next * s[1] / (1 - s[3] * next) + (1 - mu) * slope / (1 - s[3]);
      double square = s[2] / (1 - Math.pow(0.999, t));
      return p * (1 - rate * decay) - rate * mean / (Math.sqrt(square) + 1e-8);
    };
  }

  /** RAdam as in Liu et al., algorithm 2, with PyTorch's epsilon and least length of 5. */
  static Reference radam(double rate, double beta2, double penalty, double decay) {
    double[] s = new double[3];
    return (p, g) -> {
      double slope = g + penalty * p;
      double t = ++s[0];
      s[1] = 0.9 * s[1] + 0.1 * slope;
      s[2] = beta2 * s[2] + (1 - beta2) * slope * slope;
      double mean = s[1] / (1 - Math.pow(0.9, t));
      double longest = 2 / (1 - beta2) - 1;
      double rho = longest - 2 * t * Math.pow(beta2, t) / (1 - Math.pow(beta2, t));
      double kept = p - rate * decay * p;
      if (rho <= 5) {
        return kept - rate * mean;
      }
      double l = Math.sqrt(1 - Math.pow(beta2, t)) / (Math.sqrt(s[2]) + 1e-8);
      double r = Math.sqrt((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho));
      return kept - rate * mean * r * l;
    };
  }

  /** AdaMax as in Kingma and Ba, algorithm 2, with PyTorch's epsilon. */
  static Reference adaMax(double rate, double beta1, double beta2, double penalty) {
    double[] s = new double[3];
    return (p, g) -> {
      double slope = g + penalty * p;
      double t = ++s[0];
      s[1] = beta1 * s[1] + (1 - beta1) * slope;
      s[2] = Math.max(beta2 * s[2], Math.abs(slope) + 1e-8);
      return p - rate / (1 - Math.pow(beta1, t)) * s[1] / s[2];
    };
  }

  /** Schedule-free AdamW as in Defazio et al., algorithm 1, with y, z and x, at a constant rate. */
  static Reference scheduleFree(double rate, double beta1, double decay) {
    double[] s = {0, 0, 0, Double.NaN};
    return (y, g) -> {
      double t = ++s[0];
      s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
      double z = t == 1 ? y : s[2];
      double x = t == 1 ? y : s[3];
      double root = Math.sqrt(s[1] / (1 - Math.pow(0.999, t))) + 1e-8;
      s[2] = z - rate * g / root - rate * decay * y;
      s[3] = x + (s[2] - x) / t;
      return (1 - beta1) * s[2] + beta1 * s[3];
    };
  }

  /** RMSProp as in Hinton's slides, centered as in Graves 2013, equations 38 to 45. */
  static Reference rmsProp(
      double rate, double penalty, double alpha, double momentum, boolean centered) {
    double[] s = new double[3];
    return (p, g) -> {
      double slope = g + penalty * p;
      s[0] = alpha * s[0] + (1 - alpha) * slope * slope;
      s[1] = alpha * s[1] + (1 - alpha) * slope;
      double variance = centered ? s[0] - s[1] * s[1] : s[0];
      s[2] = momentum * s[2] + slope / (Math.sqrt(variance) + 1e-8);
      return p - rate * s[2];
    };
  }

  /** Adagrad as in Duchi, Hazan and Singer, figure 1, diagonal. */
  static Reference adagrad(double rate, double penalty, double rateDecay, double initial) {
    double[] s = {0, initial};
    return (p, g) -> {
      double slope = g + penalty * p;
      s[1] += slope * slope;
      return p - rate / (1 + s[0]++ * rateDecay) * slope / (Math.sqrt(s[1]) + 1e-10);
    };
  }

  /** Lion as in Chen et al., program 1. */
  static Reference lion(double rate, double decay, double beta1, double beta2) {
    double[] m = {0};
    return (p, g) -> {
      double update = Math.signum(beta1 * m[0] + (1 - beta1) * g) + decay * p;
      m[0] = beta2 * m[0] + (1 - beta2) * g;
      return p - rate * update;
    };
  }

  /** Lookahead as in Zhang et al., algorithm 1. */
  static Reference lookahead(Reference fast, int k, double alpha) {
    double[] s = {0, Double.NaN};
    return (p, g) -> {
      s[1] = s[0] == 0 ? p : s[1];
      double next = fast.step(p, g);
      if (++s[0] % k != 0) {
        return next;
      }
      s[1] += alpha * (next - s[1]);
      return s[1];
    };
  }
}
