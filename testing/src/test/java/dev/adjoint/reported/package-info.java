/** Tries what users of other engines reported as bugs, each with its repository and number. */
package dev.adjoint.reported;
