// Starts an embedded Neo4j Community with Bolt on a free port, prints its address, and runs until its standard input ends.
import org.neo4j.harness.Neo4j;
import org.neo4j.harness.Neo4jBuilders;

public class Server {
    public static void main(String[] arguments) throws Exception {
        try (Neo4j neo4j = Neo4jBuilders.newInProcessBuilder().withDisabledServer().build()) {
            System.out.println("bolt " + neo4j.boltURI());
            while (System.in.read() != -1) {
            }
        }
        System.exit(0);
    }
}
