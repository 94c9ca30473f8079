/** A number that knows what it was computed from, and when. */
record Value(double number, List<Edge> edges, long birth) {
  static long births;

  Value(double number, Edge... edges) {
    this(number, List.of(edges), births++);
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

/** The order of step 1: down to the end of each path. */
Map<Value, Double> depthFirst(Value output) {
  Map<Value, Double> gradients = new IdentityHashMap<>(Map.of(output, 1.0));
  push(output, gradients);
  return gradients;
}

void push(Value y, Map<Value, Double> gradients) {
  for (Edge edge : y.edges) {
    double g = edge.pullback().applyAsDouble(gradients.get(y), y.number);
    gradients.merge(edge.input(), g, Double::sum);
    push(edge.input(), gradients);
  }
}

/** Another order: each value once, the first that was found first. */
Map<Value, Double> firstFound(Value output) {
  Map<Value, Double> gradients = new IdentityHashMap<>(Map.of(output, 1.0));
  List<Value> found = new ArrayList<>(List.of(output));
  for (int i = 0; i < found.size(); i++) {
    for (Edge edge : found.get(i).edges) {
      double g = edge.pullback().applyAsDouble(gradients.get(found.get(i)), found.get(i).number);
      if (gradients.put(edge.input(), g + gradients.getOrDefault(edge.input(), 0.0)) == null) {
        found.add(edge.input());
      }
    }
  }
  return gradients;
}

/** The youngest first: when a value comes up, all that was computed from it has been there. */
Map<Value, Double> gradients(Value output) {
  TreeMap<Value, Double> gradients = new TreeMap<>(Comparator.comparing(value -> -value.birth));
  gradients.put(output, 1.0);
  for (Value y = output; y != null; y = gradients.higherKey(y)) {
    for (Edge edge : y.edges) {
      double g = edge.pullback().applyAsDouble(gradients.get(y), y.number);
      gradients.merge(edge.input(), g, Double::sum);
    }
  }
  return gradients;
}

void main() {
  Value a = new Value(3);
  Value b = a.plus(a);
  Value c = b.plus(b);
  Value d = b.plus(c);
  print("slope in a   depth first   first found   youngest first   expected");
  compare("b = a + a", b, a, 2);
  compare("c = b + b", c, a, 4);
  compare("d = b + c", d, a, 6);
  draw(gradients(d));
}

void compare(String name, Value y, Value a, int expected) {
  double depthFirst = depthFirst(y).get(a);
  double firstFound = firstFound(y).get(a);
  double youngestFirst = gradients(y).get(a);
  print("%s%15.0f%14.0f%17.0f%11d", name, depthFirst, firstFound, youngestFirst, expected);
}

/** Prints the graph in the language of Mermaid, by which GitHub draws pictures. */
void draw(Map<Value, Double> gradients) {
  print("flowchart LR");
  gradients.forEach((y, g) -> {
    print("  v%d[\"%.0f, gradient %.0f\"]", y.birth, y.number, g);
    y.edges.forEach(edge -> print("  v%d --> v%d", edge.input().birth, y.birth));
  });
}

void print(String format, Object... what) {
  IO.println(String.format(Locale.ROOT, format, what));
}
