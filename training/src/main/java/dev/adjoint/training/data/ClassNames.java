package dev.adjoint.training.data;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/** Puts names of classes in order: by value if all are numbers, else as texts. */
final class ClassNames {

  /** Not longer, since comparing numbers takes memory for their exponents. */
  private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,30}(\\.\\d{1,30})?");

  private ClassNames() {}

  /** Returns names in order; numbers of one value, such as 1 and 01, as texts. */
  static List<String> sorted(Collection<String> names) {
    Comparator<String> order =
        names.stream().allMatch(name -> NUMBER.matcher(name).matches())
            ? Comparator.comparing((String name) -> new BigDecimal(name))
            : Comparator.comparing(_ -> BigDecimal.ZERO);
    return names.stream().sorted(order.thenComparing(Comparator.naturalOrder())).toList();
  }
}
