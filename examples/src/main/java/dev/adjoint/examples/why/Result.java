package dev.adjoint.examples.why;

import dev.adjoint.training.report.Page;
import java.util.List;

/** The result of an experiment. */
public interface Result {

  /** Returns what it is about, as a heading. */
  String title();

  /** Tells on a page what was done, with plots and tables. */
  void addTo(Page page);

  /** Returns the claims it speaks about. */
  List<Finding> findings();
}
