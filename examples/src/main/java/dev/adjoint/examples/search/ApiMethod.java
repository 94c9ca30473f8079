package dev.adjoint.examples.search;

import java.util.regex.Pattern;

/**
 * A method and what its documentation says first.
 *
 * @param owner its class, as in {@code java.util.Map.Entry}
 * @param call its name and parameters, as in {@code comparingByKey(Comparator<? super K> cmp)}
 * @param sentence the first sentence of its documentation
 */
public record ApiMethod(String owner, String call, String sentence) {

  private static final Pattern HUMP = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");
  private static final Pattern PACKAGE = Pattern.compile("^(?:[^A-Z.][^.]*\\.)+");
  private static final Pattern NESTED = Pattern.compile("^((?:[^A-Z.][^.]*\\.)*[^.]+).*");

  /** Returns the class without its package, and the call. */
  public String signature() {
    return PACKAGE.matcher(owner).replaceFirst("") + "." + call;
  }

  /** Returns the class that is not nested, with its package. */
  String outerClass() {
    return NESTED.matcher(owner).replaceFirst("$1");
  }

  /** Returns the signature with words that are written together apart, for all who search. */
  public String words() {
    return HUMP.matcher(signature().replace('.', ' ')).replaceAll(" ");
  }
}
