# usage: urllib-client.py URL; with https_proxy in the environment
import sys
import urllib.request

print(urllib.request.urlopen(sys.argv[1]).read().decode())
