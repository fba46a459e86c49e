// The same as lookups.c with the lookup of Java. usage: java Lookups.java COUNT AT_A_TIME SUFFIX
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

class Lookups {
    public static void main(String[] args) throws Exception {
        var threads = Executors.newFixedThreadPool(Integer.parseInt(args[1]));
        for (int i = 0; i < Integer.parseInt(args[0]); i++) {
            int number = i;
            threads.submit(() -> {
                long started = System.nanoTime();
                String found;
                try {
                    found = InetAddress.getByName("n" + number + "." + args[2]).getHostAddress();
                } catch (UnknownHostException e) {
                    found = "error " + e.getMessage();
                }
                System.out.printf(Locale.ROOT, "%.1f %d %s%n", (System.nanoTime() - started) / 1e6, number, found);
            });
        }
        threads.shutdown();
        threads.awaitTermination(1, TimeUnit.HOURS);
    }
}
