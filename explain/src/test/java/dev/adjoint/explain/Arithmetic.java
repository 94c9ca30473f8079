package dev.adjoint.explain;

import dev.adjoint.op.Unary;
import dev.adjoint.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Computes formulas as {@link Formula} writes them, of single numbers. */
final class Arithmetic {

  private static final Pattern TOKEN =
      Pattern.compile("\\s*([A-Za-z]\\w*|[\\d.]+|[-+*/^(),]|[<>=!]+)");

  private final Map<String, Double> letters;
  private final List<String> tokens;
  private int next;

  private Arithmetic(String text, Map<String, Double> letters) {
    this.letters = letters;
    this.tokens = TOKEN.matcher(text).results().map(match -> match.group(1)).toList();
    String all = Matcher.quoteReplacement(text).replaceAll("\\s", "");
    if (!String.join("", tokens).equals(all)) {
      throw new IllegalArgumentException("not a formula: " + text);
    }
  }

  /** Computes "value", "value where condition, else value", or "value, s = value". */
  static double of(String text, Map<String, Double> letters) {
    Map<String, Double> known = new HashMap<>(letters);
    List<String> parts = List.of(text.split(", (?![^(]*\\))"));
    for (String part : parts) {
      if (part.matches("[a-z] = .*")) {
        known.put(part.substring(0, 1), new Arithmetic(part.substring(4), known).sum());
      }
    }
    for (String part : parts) {
      String[] choice = part.replaceFirst("^else ", "").split(" where ", -1);
      if (choice.length == 1 || new Arithmetic(choice[1], known).holds()) {
        Arithmetic value = new Arithmetic(choice[0], known);
        double result = value.sum();
        if (value.next != value.tokens.size()) {
          throw new IllegalArgumentException("not a formula: " + part);
        }
        return result;
      }
    }
    throw new IllegalArgumentException("no case holds: " + text);
  }

  private boolean holds() {
    double left = sum();
    String comparison = tokens.get(next++);
    double right = sum();
    return switch (comparison) {
      case ">" -> left > right;
      case "<" -> left < right;
      case "=" -> left == right;
      default -> throw new IllegalArgumentException("not a comparison: " + comparison);
    };
  }

  private boolean take(String token) {
    boolean is = next < tokens.size() && tokens.get(next).equals(token);
    next += is ? 1 : 0;
    return is;
  }

  private double sum() {
    double sum = product();
    while (true) {
      if (take("+")) {
        sum += product();
      } else if (take("-")) {
        sum -= product();
      } else {
        return sum;
      }
    }
  }

  private double product() {
    double product = take("-") ? -power() : power();
    while (true) {
      if (take("*")) {
        product *= power();
      } else if (take("/")) {
        product /= power();
      } else {
        return product;
      }
    }
  }

  private double power() {
    double base = atom();
    return take("^") ? Math.pow(base, atom()) : base;
  }

  private double atom() {
    String token = tokens.get(next++);
    if (token.equals("(")) {
      double inner = sum();
      take(")");
      return inner;
    }
    if (take("(")) {
      double first = sum();
      double second = take(",") ? sum() : 0;
      take(")");
      return function(token, first, second);
    }
    return letters.containsKey(token)
        ? letters.get(token)
        : token.equals("pi") ? Math.PI : Double.parseDouble(token);
  }

  private static double function(String name, double x, double y) {
    return switch (name) {
      case "exp" -> Math.exp(x);
      case "log" -> Math.log(x);
      case "sqrt" -> Math.sqrt(x);
      case "abs" -> Math.abs(x);
      case "sign" -> Math.signum(x);
      case "sin" -> Math.sin(x);
      case "cos" -> Math.cos(x);
      case "tan" -> Math.tan(x);
      case "asin" -> Math.asin(x);
      case "acos" -> Math.acos(x);
      case "atan" -> Math.atan(x);
      case "sinh" -> Math.sinh(x);
      case "cosh" -> Math.cosh(x);
      case "tanh" -> Math.tanh(x);
      case "sigmoid" -> 1 / (1 + Math.exp(-x));
      case "erf" -> Unary.ERF.apply(Tensor.of(x)).item();
      case "relu" -> Math.max(x, 0);
      case "P" -> (1 + function("erf", x / Math.sqrt(2), 0)) / 2;
      case "p" -> Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
      case "floor" -> Math.floor(x);
      case "ceil" -> Math.ceil(x);
      case "round" -> Math.rint(x);
      case "trunc" -> x < 0 ? Math.ceil(x) : Math.floor(x);
      case "max" -> Math.max(x, y);
      case "min" -> Math.min(x, y);
      case "atan2" -> Math.atan2(x, y);
      default -> throw new IllegalArgumentException("no function " + name);
    };
  }
}
