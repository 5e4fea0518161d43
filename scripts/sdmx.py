"""placeholder"""
def write(connection, folder, release, tables): folder.mkdir(exist_ok=True)
