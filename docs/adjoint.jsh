import module dev.adjoint;
import module dev.adjoint.explain;
import module dev.adjoint.testing;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Buffer;
import static dev.adjoint.testing.AdjointAssertions.*;
