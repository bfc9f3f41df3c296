import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.regex.Pattern;
import java.util.stream.Stream;

class Patterns {
    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        String[][] input = mapper.readValue(System.in, String[][].class);
        System.out.println(mapper.writeValueAsString(Stream.of(input[0]).map(Pattern::compile)
            .map(pattern -> Stream.of(input[1]).map(sample -> pattern.matcher(sample).find()).toList())
            .toList()));
    }
}
