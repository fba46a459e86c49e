namespace ParentProxy.Tests.Transparency;

/// <summary>The peers' configuration files: what passes unchanged is asked to, limits are ours where theirs are lower.</summary>
internal static class PeerConfiguration
{
    public static string Nginx(string directory, int port, int enclavePort) => $$"""
        daemon off;
        master_process off;
        error_log stderr crit;
        pid {{directory}}/nginx.pid;
        events { worker_connections 1024; }
        http {
          access_log off;
          server_tokens off;
          tcp_nodelay on;
          client_body_temp_path {{directory}}/client;
          proxy_temp_path {{directory}}/proxy;
          fastcgi_temp_path {{directory}}/fastcgi;
          uwsgi_temp_path {{directory}}/uwsgi;
          scgi_temp_path {{directory}}/scgi;
          map $http_upgrade $tunnel { default ""; "~*^websocket$" $http_upgrade; }
          map $tunnel $tunnel_connection { default upgrade; "" ""; }
          upstream enclave {
            server 127.0.0.1:{{enclavePort}} max_fails=0;
            keepalive 64;
            keepalive_requests 100000;
          }
          server {
            listen 127.0.0.1:{{port}};
            keepalive_timeout 130s;
            keepalive_requests 100000;
            client_max_body_size 0;
            client_header_buffer_size 16k;
            large_client_header_buffers 16 64k;
            ignore_invalid_headers off;
            underscores_in_headers on;
            merge_slashes off;
            client_body_timeout 300s;
            send_timeout 300s;
            location / {
              proxy_pass http://enclave;
              proxy_http_version 1.1;
              proxy_request_buffering off;
              proxy_buffering off;
              proxy_buffer_size 128k;
              proxy_buffers 8 128k;
              proxy_set_header Host $http_host;
              proxy_set_header Upgrade $tunnel;
              proxy_set_header Connection $tunnel_connection;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
              proxy_pass_header Date;
              proxy_pass_header Server;
              proxy_pass_header X-Pad;
              proxy_pass_header X-Accel-Buffering;
              proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary;
              proxy_connect_timeout 2s;
              proxy_read_timeout 900s;
              proxy_send_timeout 300s;
            }
          }
        }

        """;

    public static string HAProxy(int port, int enclavePort) => $"""
        global
          nbthread 1
          tune.bufsize 131072
          tune.maxrewrite 4096
          tune.http.maxhdr 256
        defaults
          mode http
          option http-keep-alive
          option http-no-delay
          option forwardfor
          http-reuse safe
          timeout connect 2s
          timeout client 300s
          timeout server 900s
          timeout tunnel 1h
          timeout http-request 30s
          timeout http-keep-alive 130s
        frontend client
          bind 127.0.0.1:{port}
          default_backend enclave
        backend enclave
          server enclave 127.0.0.1:{enclavePort}

        """;
}
