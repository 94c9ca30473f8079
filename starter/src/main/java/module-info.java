/** A model that is trained, tested and served. */
module com.example.starter {
  requires dev.adjoint;
  // Run from the module path, the program has the fast kernels by this line, without a flag.
  requires jdk.incubator.vector;
  // JSON.
  requires com.google.gson;
  requires jdk.httpserver;
}
