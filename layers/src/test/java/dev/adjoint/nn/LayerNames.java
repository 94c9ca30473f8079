package dev.adjoint.nn;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;

/** Finds the layers that there are, so that tests of all of them miss none. */
public final class LayerNames {

  /** Where Layer comes from, and tests do not. */
  private static final String ORIGIN =
      Layer.class.getProtectionDomain().getCodeSource().getLocation().getPath();

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> location.contains(ORIGIN))
          .importPackages("dev.adjoint.nn");

  private static final List<String> ALL =
      CLASSES.stream()
          .filter(c -> c.isAssignableTo(Layer.class) || c.isAssignableTo(Transform.class))
          .filter(c -> !c.getModifiers().contains(JavaModifier.ABSTRACT) && !c.isInterface())
          .map(JavaClass::getSimpleName)
          .toList();

  private LayerNames() {}

  /** Returns all classes of layers and around them. */
  static JavaClasses classes() {
    return CLASSES;
  }

  /** Returns the simple names of all classes that are layers or functions between layers. */
  public static List<String> all() {
    return ALL;
  }
}
