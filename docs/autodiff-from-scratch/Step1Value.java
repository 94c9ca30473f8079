/** A number that knows what it was computed from. */
record Value(double number, List<Edge> edges) {

  Value(double number, Edge... edges) {
    this(number, List.of(edges));
  }

  Value plus(Value b) {
    return new Value(number + b.number, new Edge(this, (g, y) -> g), new Edge(b, (g, y) -> g));
  }

  Value times(Value b) {
    Edge toThis = new Edge(this, (g, y) -> g * b.number);
    Edge toB = new Edge(b, (g, y) -> g * number);
    return new Value(number * b.number, toThis, toB);
  }

  Value tanh() {
    return new Value(Math.tanh(number), new Edge(this, (g, y) -> g * (1 - y * y)));
  }
}

/** An input of a value y, and its pullback: from the gradient g of y to that of the input. */
record Edge(Value input, DoubleBinaryOperator pullback) {}

/** Returns the derivative of the output by each value that it was computed from. */
Map<Value, Double> gradients(Value output) {
  Map<Value, Double> gradients = new IdentityHashMap<>(Map.of(output, 1.0));
  push(output, gradients);
  return gradients;
}

/** Hands the gradient of a value down to its inputs, and theirs to their inputs. */
void push(Value y, Map<Value, Double> gradients) {
  for (Edge edge : y.edges) {
    double g = edge.pullback().applyAsDouble(gradients.get(y), y.number);
    gradients.merge(edge.input(), g, Double::sum);
    push(edge.input(), gradients);
  }
}

Value neuron(Value w, Value x, Value b) {
  return w.times(x).plus(b).tanh();
}

void main() {
  Value w = new Value(0.5);
  Value x = new Value(2);
  Value b = new Value(-0.3);
  Value y = neuron(w, x, b);
  Map<Value, Double> gradients = gradients(y);
  print("y     = %.6f", y.number);
  print("dy/dw = %.6f", gradients.get(w));
  print("dy/dx = %.6f", gradients.get(x));
  print("dy/db = %.6f", gradients.get(b));

  double h = 1e-5;
  double above = neuron(new Value(0.5 + h), x, b).number;
  double below = neuron(new Value(0.5 - h), x, b).number;
  print("dy/dw = %.6f, measured", (above - below) / (2 * h));
}

void print(String format, Object... what) {
  IO.println(String.format(Locale.ROOT, format, what));
}
