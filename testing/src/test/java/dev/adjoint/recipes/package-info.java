/** Methods from papers that differentiate inside of what they differentiate, to be read. */
package dev.adjoint.recipes;
