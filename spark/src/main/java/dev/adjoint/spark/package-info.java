/** Training, search and prediction where the data are: on Apache Spark. */
@NullMarked
package dev.adjoint.spark;

import org.jspecify.annotations.NullMarked;
