package homework;

import java.util.List;

/**
 * What a solution of an exercise is worth.
 *
 * @param hint what is wrong, in a sentence or two; empty if nothing is or nothing is there yet
 * @param report of the gradient check that has failed; empty if none has
 */
record Grade(Exercise exercise, int points, State state, String hint, String report) {

  enum State {
    DONE("done"),
    WRONG("wrong"),
    NOT_DONE("not done yet");

    private final String text;

    State(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Returns the hint, and the report of the gradient check below it. */
  String explanation() {
    return "%s: %s%s".formatted(exercise, hint, report.isEmpty() ? "" : "\n\n" + report);
  }

  /** Returns the grades for people: a row for each exercise, the sum, and what is wrong. */
  static String table(List<Grade> grades) {
    StringBuilder table = new StringBuilder("\n");
    for (Grade grade : grades) {
      table.append(row(grade.exercise.name(), grade.points, grade.exercise.points.all()));
      table.append("  ").append(grade.state).append('\n');
    }
    table.append(row("in all", sum(grades), all(grades))).append('\n');
    for (Grade grade : grades) {
      if (grade.state == State.WRONG) {
        table.append('\n').append(grade.explanation()).append('\n');
      }
    }
    return table.toString();
  }

  /** Returns the grades for programs: a line for each exercise, and the sum. */
  static String csv(List<Grade> grades) {
    StringBuilder csv = new StringBuilder("exercise,points,of,state,hint\n");
    for (Grade grade : grades) {
      String quoted = grade.hint.replace('\n', ' ').replace("\"", "\"\"");
      csv.append(
          "%s,%d,%d,%s,\"%s\"\n"
              .formatted(
                  grade.exercise, grade.points, grade.exercise.points.all(), grade.state, quoted));
    }
    return csv.append("all,%d,%d,,\n".formatted(sum(grades), all(grades))).toString();
  }

  private static String row(String name, int points, int of) {
    return "%-14s %2d of %2d".formatted(name, points, of);
  }

  private static int sum(List<Grade> grades) {
    return grades.stream().mapToInt(Grade::points).sum();
  }

  private static int all(List<Grade> grades) {
    return grades.stream().mapToInt(grade -> grade.exercise.points.all()).sum();
  }
}
