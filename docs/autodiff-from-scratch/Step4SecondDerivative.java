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

void main() {
  Value x = Value.of(2);
  Value y = x.times(x).times(x);
  print("x = 2, y = x * x * x = %.0f", y.data[0]);
  for (int order = 1; order <= 3; order++) {
    y = gradients(y).get(x);
    print("derivative of order %d: %.0f", order, y.data[0]);
  }

  Value u = new Value(1, 3, (_, i) -> i - 0.5);
  Value slope = gradients(u.tanh().sumTo(Value.of(0))).get(u);
  Value curvature = gradients(slope.sumTo(Value.of(0))).get(u);
  for (int i = 0; i < 3; i++) {
    double t = Math.tanh(u.data[i]);
    print(
        "tanh''(%.1f) = %.6f, by formula %.6f", u.data[i], curvature.data[i], -2 * t * (1 - t * t));
  }
}

void print(String format, Object... what) {
  IO.println(String.format(Locale.ROOT, format, what));
}
