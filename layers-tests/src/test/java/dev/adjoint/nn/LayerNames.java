package dev.adjoint.nn;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;

/** Finds the layers that there are, so that tests of all of them miss none. */
public final class LayerNames {

  private static final List<String> ALL =
      new ClassFileImporter()
          .importPackages("dev.adjoint.nn").stream()
              .filter(c -> c.isAssignableTo(Layer.class) || c.isAssignableTo(Transform.class))
              .filter(c -> !c.getModifiers().contains(JavaModifier.ABSTRACT) && !c.isInterface())
              .filter(c -> isOurs(c.reflect()))
              .map(JavaClass::getSimpleName)
              .toList();

  private LayerNames() {}

  /** Tells whether a class comes from where Layer does, which those of tests do not. */
  private static boolean isOurs(Class<?> type) {
    return type.getProtectionDomain()
        .getCodeSource()
        .equals(Layer.class.getProtectionDomain().getCodeSource());
  }

  /** Returns the simple names of all classes that are layers or functions between layers. */
  public static List<String> all() {
    return ALL;
  }
}
