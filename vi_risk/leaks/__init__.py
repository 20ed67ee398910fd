"""Whether anything that was written says who somebody is: files opened, unpacked and searched for identifiers."""
