package dev.adjoint.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleInfo;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Makes a loop for each function: a hidden copy of a loop class that has the function as a
 * constant.
 *
 * <p>A copy has compiled code and branch profiles of its own, so the JIT compiles the function into
 * the loop. One loop that is handed its function, shared by many, runs 20 times slower.
 */
public final class Specializer {

  private final Lookup lookup;
  private final Class<?> operand;
  private final List<Class<?>> functions;

  /**
   * Looks functions up in classes.
   *
   * @param lookup a lookup of the package that the functions and the loop classes are in
   * @param operand the type of the functions' parameters and results
   * @param functions the classes to search, in this order
   */
  public Specializer(Lookup lookup, Class<?> operand, Class<?>... functions) {
    this.lookup = lookup;
    this.operand = operand;
    this.functions = List.of(functions);
  }

  /** Finds a function of so many values. */
  public Optional<MethodHandle> find(String name, int arity) {
    MethodType type = MethodType.methodType(operand, Collections.nCopies(arity, operand));
    for (Class<?> owner : functions) {
      try {
        return Optional.of(lookup.findStatic(owner, name, type));
      } catch (NoSuchMethodException e) {
        // perhaps in the next class
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
    return Optional.empty();
  }

  /** Returns a function of so many values, or says where it would have to be. */
  public MethodHandle get(String name, int arity) {
    return find(name, arity)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "No function '"
                    + name
                    + "' of "
                    + arity
                    + (arity == 1 ? " value" : " values")
                    + ": add it to one of "
                    + functions.stream()
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", "))));
  }

  /**
   * Returns an instance of a hidden copy of a loop class.
   *
   * @param loop a class of the lookup's package, never initialized itself
   * @param constants what the copy reads by {@code MethodHandles.classDataAt}
   * @param arguments the constructor's arguments
   */
  public <T> T copy(
      Class<T> type, Class<? extends T> loop, List<?> constants, Object... arguments) {
    return instance(type, bytes(loop.getSimpleName()), constants, arguments);
  }

  /** Returns an instance of a hidden class of the lookup's package. */
  <T> T instance(Class<T> type, byte[] bytes, List<?> constants, Object... arguments) {
    try {
      Lookup made = lookup.defineHiddenClassWithClassData(bytes, constants, true);
      Constructor<?> constructor = made.lookupClass().getDeclaredConstructors()[0];
      return type.cast(made.unreflectConstructor(constructor).invokeWithArguments(arguments));
    } catch (Throwable e) {
      throw new IllegalStateException("Cannot make a " + type.getName(), e);
    }
  }

  /** Returns the class file of a class of the lookup's package. */
  byte[] bytes(String simpleName) {
    try (InputStream in = lookup.lookupClass().getResourceAsStream(simpleName + ".class")) {
      if (in == null) {
        throw new IllegalStateException("The class file of " + simpleName + " is not readable");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the type of the functions' parameters and results. */
  Class<?> operand() {
    return operand;
  }

  /** Tells where a function is. */
  MethodHandleInfo reveal(MethodHandle function) {
    return lookup.revealDirect(function);
  }

  /**
   * Returns what a loop throws on from the call of its function, whose method handle declares to
   * throw anything.
   */
  public static RuntimeException rethrown(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }
}
