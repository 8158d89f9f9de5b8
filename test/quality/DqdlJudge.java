import software.amazon.glue.dqdl.model.DQRule;
import software.amazon.glue.dqdl.parser.DQDLParser;
import java.nio.charset.StandardCharsets;

/** Reads rulesets, parted by NUL, and prints what AWS's own parser makes of each: its rules, one a line, or an error. */
public class DqdlJudge {
  public static void main(String[] args) throws Exception {
    String all = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    StringBuilder out = new StringBuilder();
    for (String ruleset : all.split("\0")) {
      try {
        for (DQRule rule : new DQDLParser().parse(ruleset).getRules()) out.append(rule.toString().replace('\n', ' ')).append('\n');
      } catch (Exception error) {
        out.append("ERROR ").append(error.getMessage().replace('\n', ' ')).append('\n');
      }
      out.append('\0');
    }
    System.out.print(out);
  }
}
