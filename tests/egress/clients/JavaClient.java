// usage: java -Dhttps.proxyHost=… -Dhttps.proxyPort=… JavaClient.java http-client|url-connection AUTHORITY_FILE URL
import java.io.FileInputStream;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class JavaClient {
    public static void main(String[] args) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var file = new FileInputStream(args[1])) {
            store.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        try {
            System.out.println(args[0].equals("http-client") ? httpClient(tls, args[2]) : urlConnection(tls, args[2]));
        } catch (java.io.IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private static String httpClient(SSLContext tls, String url) throws Exception {
        var client = HttpClient.newBuilder().sslContext(tls).proxy(ProxySelector.getDefault()).build();
        return client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    private static String urlConnection(SSLContext tls, String url) throws Exception {
        HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
        return new String(new URL(url).openStream().readAllBytes());
    }
}
