package dev.adjoint.kernel;

import static com.google.common.base.Preconditions.checkNotNull;

import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

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

  /** Returns a function of so many values. */
  public MethodHandle get(String name, int arity) {
    MethodType type = MethodType.methodType(operand, Collections.nCopies(arity, operand));
    for (Class<?> owner : functions) {
      try {
        return lookup.findStatic(owner, name, type);
      } catch (NoSuchMethodException e) {
        // perhaps in the next class
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new IllegalArgumentException("No function '%s' of %s".formatted(name, type));
  }

  /**
   * Returns an instance of a hidden copy of a loop class.
   *
   * @param loop a class of the lookup's package, never initialized itself
   * @param constants what the copy reads by {@link #constant}
   * @param arguments the constructor's arguments
   */
  public <T> T copy(
      Class<T> type, Class<? extends T> loop, List<?> constants, @Nullable Object... arguments) {
    String file = loop.getSimpleName() + ".class";
    try (InputStream in = lookup.lookupClass().getResourceAsStream(file)) {
      byte[] bytes = checkNotNull(in, "The class file %s is not readable", file).readAllBytes();
      Lookup made = lookup.defineHiddenClassWithClassData(bytes, constants, true);
      Constructor<?> constructor = made.lookupClass().getDeclaredConstructors()[0];
      return type.cast(made.unreflectConstructor(constructor).invokeWithArguments(arguments));
    } catch (Throwable e) {
      throw new IllegalStateException("Cannot make a " + type.getName(), e);
    }
  }

  /** Returns one of the constants of the copy that a lookup is of, counted from 0. */
  public static <T> T constant(Lookup copy, int index, Class<T> type) {
    try {
      return MethodHandles.classDataAt(copy, "_", type, index);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns what a loop throws on from its function, whose method handle may throw anything. */
  public static RuntimeException rethrown(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }
}
