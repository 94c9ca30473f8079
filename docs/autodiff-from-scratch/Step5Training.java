/** Numbers in rows and columns that know what they were computed from, and when. */
record Value(int rows, int columns, double[] data, List<Edge> edges, long birth) {
  static long births;

  Value(int rows, int columns, Entry entry, Edge... edges) {
    this(rows, columns, new double[rows * columns], List.of(edges), births++);
    Arrays.setAll(data, i -> entry.at(i / columns, i % columns));
  }

  static Value of(double number) {
    return new Value(1, 1, (_, _) -> number);
  }

  /** Broadcasts: a single row stands for every row, a single column for every column. */
  int index(int row, int column) {
    return (rows == 1 ? 0 : row) * columns + (columns == 1 ? 0 : column);
  }

  double at(int row, int column) {
    return data[index(row, column)];
  }

  Value zip(Value b, DoubleBinaryOperator f, Edge... edges) {
    Entry entry = (i, j) -> f.applyAsDouble(at(i, j), b.at(i, j));
    return new Value(Math.max(rows, b.rows), Math.max(columns, b.columns), entry, edges);
  }

  Value plus(Value b) {
    return zip(b, (p, q) -> p + q, new Edge(this, (g, y) -> g), new Edge(b, (g, y) -> g));
  }

  Value times(Value b) {
    Edge toThis = new Edge(this, (g, y) -> g.times(b));
    Edge toB = new Edge(b, (g, y) -> g.times(this));
    return zip(b, (p, q) -> p * q, toThis, toB);
  }

  Value tanh() {
    Edge toThis = new Edge(this, (g, y) -> g.times(of(1).plus(of(-1).times(y).times(y))));
    return zip(this, (p, _) -> Math.tanh(p), toThis);
  }

  /** Adds up rows, columns or both, to the shape of another value. */
  Value sumTo(Value shape) {
    Edge toThis = new Edge(this, (g, y) -> g.times(zip(this, (_, _) -> 1)));
    Value sum = new Value(shape.rows, shape.columns, (_, _) -> 0, toThis);
    for (int i = 0; i < data.length; i++) {
      sum.data[sum.index(i / columns, i % columns)] += data[i];
    }
    return sum;
  }

  Value transpose() {
    return new Value(columns, rows, (i, j) -> at(j, i), new Edge(this, (g, y) -> g.transpose()));
  }

  Value matmul(Value b) {
    Edge toThis = new Edge(this, (g, y) -> g.matmul(b.transpose()));
    Edge toB = new Edge(b, (g, y) -> transpose().matmul(g));
    Entry dot = (i, j) -> IntStream.range(0, columns).mapToDouble(k -> at(i, k) * b.at(k, j)).sum();
    return new Value(rows, b.columns, dot, toThis, toB);
  }
}

interface Entry {
  double at(int row, int column);
}

/** An input of a value y, and its pullback: from the gradient g of y to that of the input. */
record Edge(Value input, BinaryOperator<Value> pullback) {}

/** The youngest first: when a value comes up, all that was computed from it has been there. */
Map<Value, Value> gradients(Value output) {
  TreeMap<Value, Value> gradients = new TreeMap<>(Comparator.comparing(value -> -value.birth));
  gradients.put(output, Value.of(1));
  for (Value y = output; y != null; y = gradients.higherKey(y)) {
    for (Edge edge : y.edges) {
      Value g = edge.pullback().apply(gradients.get(y), y).sumTo(edge.input());
      gradients.merge(edge.input(), g, Value::plus);
    }
  }
  return gradients;
}

Value loss(Value x, Value y, Value w, Value b, Value v) {
  Value error = x.matmul(w).plus(b).tanh().matmul(v).plus(y.times(Value.of(-1)));
  return error.times(error).sumTo(Value.of(0)).times(Value.of(1.0 / y.rows()));
}

void main() {
  Value x = new Value(41, 1, (i, _) -> i / 20.0 - 1);
  Value y = x.zip(x, (p, _) -> Math.sin(3 * p));
  Random random = new Random(1);
  Value w = new Value(1, 8, (_, _) -> random.nextGaussian());
  Value b = new Value(1, 8, (_, _) -> random.nextGaussian());
  Value v = new Value(8, 1, (_, _) -> random.nextGaussian());

  Value h = new Value(1, 8, (_, _) -> 1e-5 * random.nextGaussian());
  double above = loss(x, y, w.plus(h), b, v).data[0];
  double below = loss(x, y, w.plus(h.times(Value.of(-1))), b, v).data[0];
  Value slope = gradients(loss(x, y, w, b, v)).get(w).times(h).sumTo(Value.of(0));
  print("along h: gradient %.6f, measured %.6f", slope.data[0] * 1e5, (above - below) / 2 * 1e5);

  for (int step = 0; step <= 1000; step++) {
    Value loss = loss(x, y, w, b, v);
    Map<Value, Value> gradients = gradients(loss);
    for (Value weight : List.of(w, b, v)) {
      Arrays.setAll(weight.data, i -> weight.data[i] - 0.1 * gradients.get(weight).data[i]);
    }
    if (step % 200 == 0) {
      print("step %4d: loss %.6f", step, loss.data[0]);
    }
  }
}

void print(String format, Object... what) {
  IO.println(String.format(Locale.ROOT, format, what));
}
