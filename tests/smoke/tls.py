"""Takes TLS off in front of a port of this machine, as a load balancer does.

    tls.py PORT TO DIRECTORY

PORT is listened on, TO gets what comes. DIRECTORY gets `ca.pem`, the authority of the certificate, which is for localhost.
"""

import asyncio, datetime, pathlib, ssl, sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

port, to, directory = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])


def named(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def certificate(name, key, authority, authority_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(authority, named(name), key.public_key(), x509.random_serial_number(), now - day, now + day)
    return builder.add_extension(extension, critical=True).sign(authority_key, hashes.SHA256())


def pem(*parts):
    return b"".join(part.public_bytes(serialization.Encoding.PEM) for part in parts)


authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
authority = certificate("tests", authority_key, named("tests"), authority_key, x509.BasicConstraints(True, None))
own = certificate("localhost", key, named("tests"), authority_key, x509.SubjectAlternativeName([x509.DNSName("localhost")]))
private = key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
directory.mkdir(exist_ok=True)
(directory / "own.pem").write_bytes(private + pem(own, authority))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(directory / "own.pem")


async def copy(reader, writer):
    try:
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(reader, writer):
    near, far = await asyncio.open_connection("127.0.0.1", to)
    await asyncio.gather(copy(reader, far), copy(near, writer))


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    # Whoever waits for it takes it when it is there.
    (directory / "ca.pem").write_bytes(pem(authority))
    await server.serve_forever()


asyncio.run(main())
